# SPDX-License-Identifier: MIT
# bash completion for greenloopctl(1). The verbs are those of `greenloopctl --list-verbs`: a test compares them.

_greenloopctl_names() {
	greenloopctl "${connection[@]}" --timeout=2s list --no-legend 2>/dev/null |
		while read -r loop group _; do
			echo "$loop"
			[[ $group == - ]] || echo "$group"
		done | sort -u
}

_greenloopctl() {
	local verbs='status list show start stop restart reload kill reset hard-reset fail forgive why is-green logs monitor
		wait verify version help'
	local options='--socket --user --json=short --json=pretty --no-pager --no-legend --quiet --timeout --no-block
		--all --help --version'
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb='' i
	local -a connection=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--socket) connection=(--socket "${COMP_WORDS[++i]}") ;;
		--user) connection=(--user) ;;
		--timeout | -m | -s | -n) ((i++)) ;;
		-* | = | short | pretty) ;;
		*) [[ $verb ]] || verb=${COMP_WORDS[i]} ;;
		esac
	done
	case $verb in
	list) options+=' --state=' ;;
	kill) options+=' --signal=' ;;
	fail) options+=' --trip' ;;
	logs) options+=' --follow --lines=' ;;
	wait) options+=' --any --for=ready --for=green --for=running --for=inactive --for=done --for=failed' ;;
	esac

	COMPREPLY=()
	if [[ $before == --socket ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
	elif [[ ! $verb ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current")
	elif [[ $verb == verify ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	elif [[ $verb != @(monitor|version|help) ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_greenloopctl_names)" -- "$current")
	fi
}

complete -F _greenloopctl greenloopctl
