# fish completion for describefs(1). Asks the program for its catalogs, never a cloud.
# What it offers is held against the sources by tests/packaging/.

set -g __describefs_verbs mount ls cat tree kinds doctor refresh status help version

# The words behind the program's name that are neither options nor theirs.
function __describefs_operands
    set -l wait
    for word in (commandline -opc)[2..-1]
        if test -n "$wait"
            set wait
        else if string match -qr -- '^-[fdl]*[oL]$' $word
            set wait yes
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# Whether N operands stand before the cursor, behind one of the verbs; "mount" is there if none is.
function __describefs_at --argument-names n
    set -l operands (__describefs_operands)
    set -l verb mount
    if set -q operands[1]; and contains -- $operands[1] $__describefs_verbs
        set verb $operands[1]
        set -e operands[1]
    end
    contains -- $verb $argv[2..-1]; or return 1
    test $n = any -a (count $operands) -gt 0; or test $n = (count $operands)
end

# Whether one of these verbs is given ("mount" if only SOURCE is), or neither a verb nor SOURCE yet.
function __describefs_takes
    set -l operands (__describefs_operands)
    set -q operands[1]; or return 0
    set -l verb mount
    contains -- $operands[1] $__describefs_verbs; and set verb $operands[1]
    contains -- $verb $argv
end

function __describefs_kinds
    set -l program (commandline -opc)[1]
    $program kinds $argv 2>/dev/null | string replace -rf '^  (/\S*)/<\S*.*' '$1' | string replace -ra '<[^>]*>' '*'
end

function __describefs_views
    set -l program (commandline -opc)[1]
    $program kinds $argv 2>/dev/null | string replace -rf '^ +(by-.*)' '$1' | string split ', ' | sort -u
end

function __describefs_sources
    set -l program (commandline -opc)[1]
    set -l word (commandline -ct)
    if string match -q '*@*' -- $word
        for file in ~/.tccli/*.credential
            echo (string replace -r '@[^@]*$' '' -- $word)@(basename $file .credential)
        end
    else if string match -q 'tione:*' -- $word
        printf 'tione:%s\n' ap-beijing ap-guangzhou ap-nanjing ap-shanghai
    else
        $program kinds 2>/dev/null | string replace -rf '^([a-z][a-z0-9-]*) - (.*)' '$1\t$2'
    end
end

function __describefs_paths
    set -l operands (__describefs_operands)
    contains -- $operands[1] $__describefs_verbs; and set -e operands[1]
    set -l word (commandline -ct)
    set -l lead ''
    string match -q '/*' -- $word; and set lead /
    set -l above (string replace -r '/[^/]*$' '' -- /(string trim -lc / -- $word))
    for kind in (__describefs_kinds (string replace -r '[:@].*' '' -- $operands[1]))
        set -l parts (string split / -- $kind)
        set -l parent (string join / -- $parts[1..-2])
        string match -q -- "$parent" "$above"; or continue
        test (count (string split / -- "$above")) = (count (string split / -- "$parent")); or continue
        test -n "$above"; and echo $lead(string trim -lc / -- $above)/$parts[-1]/; or echo $lead$parts[-1]/
    end
    for view in (__describefs_views (string replace -r '[:@].*' '' -- $operands[1]))
        echo $lead$view/
    end
    echo {$lead}README
end

function __describefs_options
    set -l list (string replace -r '[^,]*$' '' -- (commandline -ct))
    set -l last (string replace -r '.*,' '' -- (commandline -ct))
    switch $last
        case 'names=*'
            printf '%s\n' {$list}names={api,snake}
        case 'pin=*'
            for kind in (__describefs_kinds | string match -r '^/[^/*]+$')
                echo {$list}pin=(string trim -lc / -- $kind)/
            end
        case '*'
            printf '%s\n' {$list}deadline=\t'longest wait of a reader, as 10 or 1m' {$list}ttl=\t'how long a value is fresh, as 60 or 1m' \
                {$list}stale=\t'how old a value may be shown, as 1h' {$list}rate=\t'calls a second of each action' \
                {$list}max_memory=\t'bytes kept' {$list}pin=\t'ids to list, KIND/ID' {$list}names=\t'api or snake' \
                {$list}secrets\t'show secret fields' {$list}endpoint=\t'another address of the API' \
                {$list}metadata=\t'another address of the metadata service' \
                {$list}sts=\t'another address of the security token service' \
                {$list}proxy=\t'reach the cloud through this proxy' \
                {$list}cacert=\t'certificates to trust instead' {$list}allow_other\t'other users may read' \
                {$list}uid=\t'owner of the files' {$list}gid=\t'group of the files' {$list}umask=\t'bits to remove from the modes' \
                {$list}fsname=\t'what mount shows as the source' {$list}auto_unmount {$list}default_permissions \
                {$list}nodev {$list}nosuid {$list}noexec {$list}noatime
    end
end

complete -c describefs -f
complete -c describefs -n '__describefs_takes mount ls cat tree kinds doctor' -s o -x -a '(__describefs_options)' -d 'options, with a comma between'
complete -c describefs -n '__describefs_takes mount' -s f -d 'stay in the foreground'
complete -c describefs -n '__describefs_takes mount ls cat tree doctor' -s d -d 'say on stderr what happens'
complete -c describefs -n '__describefs_takes ls' -s l -d 'ls: with modes, sizes and times'
complete -c describefs -n '__describefs_takes tree' -s L -x -d 'tree: how many levels'
complete -c describefs -s h -l help -d 'print a summary'
complete -c describefs -s V -l version -d 'print the version'
complete -c describefs -n 'test -z "$(__describefs_operands)"' -a mount -d 'show SOURCE in a directory'
complete -c describefs -n 'test -z "$(__describefs_operands)"' -a ls -d 'list a part of the tree without a mount'
complete -c describefs -n 'test -z "$(__describefs_operands)"' -a cat -d 'print files of the tree without a mount'
complete -c describefs -n 'test -z "$(__describefs_operands)"' -a tree -d 'show a part of the tree without a mount'
complete -c describefs -n 'test -z "$(__describefs_operands)"' -a kinds -d 'say what each source can show'
complete -c describefs -n 'test -z "$(__describefs_operands)"' -a doctor -d 'check FUSE, key, clock and network'
complete -c describefs -n 'test -z "$(__describefs_operands)"' -a refresh -d 'have the next read of a path ask the cloud'
complete -c describefs -n 'test -z "$(__describefs_operands)"' -a status -d 'list your mounts and what they do'
complete -c describefs -n 'test -z "$(__describefs_operands)"' -a help -d 'explain a verb, or print a summary'
complete -c describefs -n 'test -z "$(__describefs_operands)"' -a version -d 'print the version'
complete -c describefs -n '__describefs_at any refresh; or __describefs_at 0 refresh' -F
complete -c describefs -n '__describefs_at 0 help' -a '$__describefs_verbs'
complete -c describefs -n '__describefs_at 0 mount ls cat tree kinds doctor' -a '(__describefs_sources)'
complete -c describefs -n '__describefs_at 1 mount' -a '(__fish_complete_directories)'
complete -c describefs -n '__describefs_at any ls tree cat' -a '(__describefs_paths)'
