# zsh -f tests/packaging/complete.zsh DIRECTORY LINE... - what zsh offers at the end of each LINE, with the
# completion functions of DIRECTORY; a line each.
#
# The way is the editor's own: a zsh on a pseudo terminal, in which Tab runs the completion and prints what
# compadd was given.
zmodload zsh/zpty
directory=$1
shift
setup=$(mktemp)
cat >$setup <<EOF
fpath=(${(q)directory} \$fpath)
EOF
cat >>$setup <<'EOF'
autoload -Uz compinit
compinit -u -D
compadd() {
	local -a __matched
	builtin compadd -O __matched "$@"
	offered+=($IPREFIX$^__matched)
	builtin compadd "$@"
}
offer() {
	local -aU offered
	_main_complete
	print -r -- "<<$offered>>"
	compstate[insert]=
	compstate[list]=
}
zle -C offer complete-word offer
bindkey '^I' offer
print -r -- '<<ready>>'
EOF
zpty editor zsh -f -i
zpty -w editor "PS1=; PS2=; unsetopt prompt_cr prompt_sp; . $setup"
zpty -r -m editor said '*<<ready>>*'
rm -f $setup
for line; do
	zpty -w -n editor $'\C-u'$line$'\t'
	zpty -r -m editor said '*<<*>>*'
	print -r -- ${${said##*<<}%%>>*}
done
zpty -d editor
