/* Must live: nothing is wrong with it. */
int main(void)
{
	return 0;
}
