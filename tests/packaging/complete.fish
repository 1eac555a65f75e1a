# fish -N tests/packaging/complete.fish FILE LINE... - what FILE's completion offers at the end of each LINE; a line each.
source $argv[1]
for line in $argv[2..-1]
    echo -- (complete -C $line | cut -f1 | string join ' ')''
end
