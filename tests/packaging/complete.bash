# bash tests/packaging/complete.bash FILE LINE... - what FILE's completion offers at the end of each LINE; a line each.
# The words are taken apart as readline does it.
source "$1"
shift
for line; do
	COMP_LINE=$line COMP_POINT=${#line} COMP_WORDS=() COMPREPLY=()
	rest=$line
	while [[ $rest ]]; do
		if [[ $rest =~ ^[[:space:]]+ ]]; then
			:
		elif [[ $rest =~ ^[:=@]+ || $rest =~ ^[^[:space:]:=@]+ ]]; then
			COMP_WORDS+=("${BASH_REMATCH[0]}")
		fi
		rest=${rest:${#BASH_REMATCH[0]}}
	done
	[[ $line != *[[:space:]] ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	$(complete -p describefs | sed 's/.*-F \([^ ]*\) .*/\1/') 2>&1
	printf '%s\n' "${COMPREPLY[*]}"
done
