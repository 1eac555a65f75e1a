# bash completion for describefs(1). Needs nothing but bash; asks the program for its catalogs, never a cloud.
# What it offers is held against the sources by tests/packaging/.

# The catalogs, or with a catalog its kinds as paths: /training, /models, /models/*/versions.
__describefs_catalogs() {
	"$1" kinds 2>/dev/null | sed -n 's/^\([a-z][a-z0-9-]*\) - .*/\1/p'
}

__describefs_kinds() {
	"$1" kinds ${2:+"$2"} 2>/dev/null | sed -n 's/^  \(\/[^ ]*\)\/<[^ ]*.*/\1/p' | sed 's/<[^>]*>/*/g'
}

__describefs_profiles() {
	local file
	for file in "${HOME:-}"/.tccli/*.credential; do
		[[ -e $file ]] || continue
		file=${file##*/}
		printf '%s\n' "${file%.credential}"
	done
}

# Some of Tencent's; any other can be typed.
__describefs_regions='ap-beijing ap-guangzhou ap-nanjing ap-shanghai'

__describefs_sources() { # PROGRAM WORD
	local catalog
	case $2 in
	*@*) compgen -P "${2%@*}@" -W "$(__describefs_profiles)" -- "${2##*@}" ;;
	tione:*) compgen -P "tione:" -W "$__describefs_regions" -- "${2#*:}" ;;
	*)
		for catalog in $(__describefs_catalogs "$1"); do
			[[ $catalog != "$2"* ]] || printf '%s\n' "$catalog"
		done
		;;
	esac
}

__describefs_verbs='mount ls cat tree kinds doctor refresh status help version'

__describefs_options='deadline= ttl= stale= rate= max_memory= pin= names= secrets endpoint= metadata= sts= proxy= cacert=
	allow_other uid= gid= umask= fsname= auto_unmount default_permissions nodev nosuid noexec noatime'

# The options that the verb takes; without a verb and SOURCE, those of every verb.
__describefs_letters() { # VERB SOURCE
	case ${1:-${2:+mount}} in
	mount) echo -o -f -d ;;
	ls) echo -o -d -l ;;
	tree) echo -o -d -L ;;
	cat | doctor) echo -o -d ;;
	kinds) echo -o ;;
	'') echo -o -f -d -l -L ;;
	esac
}

# The last word of a list of -o; SOURCE may be empty.
__describefs_option() { # PROGRAM WORD SOURCE
	local before='' last=$2 kind
	[[ $last != *,* ]] || before=${last%,*},
	last=${last##*,}
	case $last in
	names=*) compgen -P "${before}names=" -W 'api snake' -- "${last#*=}" ;;
	endpoint=* | metadata=* | sts=*) compgen -P "$before${last%%=*}=" -W 'https://' -- "${last#*=}" ;;
	proxy=*) compgen -P "${before}proxy=" -W 'http:// https://' -- "${last#*=}" ;;
	cacert=*) compgen -P "${before}cacert=" -f -- "${last#*=}" ;;
	pin=*)
		for kind in $(__describefs_kinds "$1" "${3%%[:@]*}"); do
			[[ $kind == *\** ]] || compgen -P "${before}pin=" -W "${kind#/}/" -- "${last#*=}"
		done
		;;
	*=*) ;;
	*) compgen -P "$before" -W "$__describefs_options" -- "$last" ;;
	esac
}

# by-name and so on: what its kinds are in.
__describefs_views() { # PROGRAM CATALOG
	"$1" kinds ${2:+"$2"} 2>/dev/null | sed -n 's/^  *\(by-.*\)/\1/p' | tr -s ', ' '\n' | sort -u
}

# The kinds at the root, and those of a resource whose id is typed.
__describefs_paths() { # PROGRAM WORD SOURCE
	local lead='' path=/${2#/} kind above
	[[ $2 != /* ]] || lead=/
	above=${path%/*}
	{
		for kind in $(__describefs_kinds "$1" "${3%%[:@]*}"); do
			# shellcheck disable=SC2053 # a pattern: /models/*
			[[ $above == ${kind%/*} && ${above//[!\/]/}/ == "${kind//[!\/]/}" ]] || continue
			printf '%s\n' "$lead${above#/}${above:+/}${kind##*/}/"
		done
		printf '%s\n' "${lead}README"
		for kind in $(__describefs_views "$1" "${3%%[:@]*}"); do
			printf '%s\n' "$lead$kind/"
		done
	} | while read -r kind; do
		[[ $kind != "$2"* ]] || printf '%s\n' "$kind"
	done
}

_describefs() {
	local program cur prev verb='' source='' wait='' i word line n=0
	COMPREPLY=()
	program=${COMP_WORDS[0]}
	program=${program/#\~/$HOME}
	# bash takes SOURCE apart at ':', '@' and '='; the line has it whole.
	line=${COMP_LINE:0:COMP_POINT}
	cur=${line##*[[:space:]]}
	local -a words
	read -r -a words <<<"${line%"$cur"}"
	prev=${words[${#words[@]} - 1]}
	for ((i = 1; i < ${#words[@]}; i++)); do
		word=${words[i]}
		if [[ $wait ]]; then
			wait=
		elif [[ $word == -*[oL] ]]; then
			wait=yes
		elif [[ $word == -* ]]; then
			:
		elif [[ -z $verb$source && " $__describefs_verbs " == *" $word "* ]]; then
			verb=$word
		else
			[[ $n -gt 0 ]] || source=$word
			n=$((n + 1))
		fi
	done

	local choices=
	if [[ $prev == -*o && $prev != --* ]]; then
		choices=$(__describefs_option "$program" "$cur" "$source")
	elif [[ $cur == -o?* ]]; then
		choices=$(__describefs_option "$program" "${cur#-o}" "$source")
		choices=${choices:+-o${choices//$'\n'/$'\n'-o}}
	elif [[ $cur == -* ]]; then
		choices=$(compgen -W "$(__describefs_letters "$verb" "$source") -h -V --help --version" -- "$cur")
	elif [[ $verb == help && $n == 0 ]]; then
		choices=$(compgen -W "$__describefs_verbs" -- "$cur")
	elif [[ $verb =~ ^(status|help|version)$ ]]; then
		:
	elif [[ $verb == refresh ]]; then
		choices=$(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
	elif [[ $n == 0 ]]; then
		choices=$(__describefs_sources "$program" "$cur")
		[[ $verb ]] || choices+=$'\n'$(compgen -W "$__describefs_verbs" -- "$cur")
	else
		case $n:${verb:-mount} in
		1:mount)
			choices=$(compgen -d -- "$cur")
			compopt -o filenames 2>/dev/null
			;;
		*:ls | *:tree | *:cat) choices=$(__describefs_paths "$program" "$cur" "$source") ;;
		esac
	fi
	while read -r word; do
		[[ -z $word ]] || COMPREPLY+=("$word")
	done <<<"$choices"

	# Readline puts back only what stands behind the last of its separators.
	local kept=
	for i in : @ =; do
		[[ $COMP_WORDBREAKS == *"$i"* && $cur == *"$i"* ]] || continue
		word=${cur%"$i"*}$i
		[[ ${#word} -le ${#kept} ]] || kept=$word
	done
	[[ -z $kept ]] || COMPREPLY=("${COMPREPLY[@]#"$kept"}")
	# A list, a path or a SOURCE may go on.
	case ${#COMPREPLY[@]}:${COMPREPLY[0]:-} in
	1:*[=/@:]) compopt -o nospace 2>/dev/null ;;
	esac
}

complete -F _describefs describefs
