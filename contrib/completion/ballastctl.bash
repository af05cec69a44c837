# bash completion for ballastctl, printed by `ballastctl completion bash`
_ballastctl()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    local words=() i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -s | --socket) ((i++)) ;;
        -*) ;;
        *) words+=("${COMP_WORDS[i]}") ;;
        esac
    done
    case $previous in
    -s | --socket) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --svg | --plan) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --population) COMPREPLY=($(compgen -f -W 'honest mixed bad' -- "$current")); return ;;
    esac
    local choices=
    case "${words[*]}" in
    '') choices='--json --socket --help --version status record weight health rollout event notify aws zone key plan route53 import stats log history stop help completion' ;;
    record) choices='list show ttl resolvers' ;;
    weight) choices='set' ;;
    health) choices='list force' ;;
    rollout) choices='list show start pause resume promote abort freeze thaw approve reject history watch simulate' ;;
    event) choices='push log pattern stats' ;;
    notify) choices='list retry drop' ;;
    aws) choices='policy doctor' ;;
    zone) choices='list add remove reload check export' ;;
    key) choices='list generate roll ds-seen forget' ;;
    plan) choices='check show graph' ;;
    route53) choices='status diff sync import export' ;;
    import) choices='canary-table' ;;
    log) choices='level' ;;
    'event push') COMPREPLY=($(compgen -f -- "$current")); return ;;
    'log level') choices='debug info warning error' ;;
    'health force '*) choices='up down auto' ;;
    'plan check'*) COMPREPLY=($(compgen -f -- "$current")); return ;;
    'plan graph'*) COMPREPLY=($(compgen -f -W '--dot' -- "$current")); return ;;
    'plan show'*)
        COMPREPLY=($(compgen -f -W '--asl --hold --steps' -- "$current"))
        return ;;
    'rollout start '*) choices='--candidate' ;;
    'rollout simulate'*) choices='--plan --ttl --resolvers --population --svg --seed' ;;
    'zone add '* | 'zone check '*) COMPREPLY=($(compgen -f -- "$current")); return ;;
    'zone reload'*) choices='--force' ;;
    'zone export '*) choices='--output' ;;
    history) choices='--record' ;;
    completion) choices='bash' ;;
    esac
    COMPREPLY=($(compgen -W "$choices" -- "$current"))
}
complete -F _ballastctl ballastctl
