# SPDX-License-Identifier: BSD-2-Clause
# Sourced by the commands that build on their own (tests/run, contrib/lab/run): where the source is,
# where to build, and how. Nothing is written outside of $work, but for what autoreconf makes beside
# configure.ac (git ignores both).
#
# tree_choose NAME    sets $source and $work: the tree itself and its folder NAME, or, in a tree
#                     that this user cannot write, a copy of it below $TMPDIR
# tree_configure DIR ARGUMENT...    configures in $work/DIR unless that is done already

tree_choose() {
    local top
    top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    source=$top
    work=$top/$1
    if ! tree_is_ours "$top" "$work"; then
        work=${TMPDIR:-/tmp}/ballast-$(id -u)/$1
        source=$work/source
        mkdir -p "$source"
        chmod 700 "${work%/*}"
        [ -O "${work%/*}" ] || { echo "$work belongs to somebody else" >&2; return 1; }
        tar -C "$top" --exclude=./.git --exclude='./build*' --exclude=./autom4te.cache \
            --exclude=./configure --exclude=./Makefile.in --exclude=./aclocal.m4 \
            --exclude=__pycache__ -cf - . | tar -C "$source" -xf - --no-same-owner
    fi
    mkdir -p "$work"
}

# tree_is_ours TOP WORK: this user may write all that a build writes.
tree_is_ours() {
    local path
    [ -w "$1" ] || return 1
    for path in "$2" "$1"/configure "$1"/autom4te.cache "$1"/build-aux; do
        [ ! -e "$path" ] || [ -w "$path" ] || return 1
    done
}

tree_configure() {
    local build=$work/$1
    shift
    if [ -e "$source/config.status" ]; then
        echo "$source is configured in place; run 'make distclean' there first" >&2
        return 1
    fi
    if [ ! -e "$source/configure" ] || [ "$source/configure.ac" -nt "$source/configure" ] ||
        [ "$source/Makefile.am" -nt "$source/Makefile.in" ]; then
        (cd "$source" && autoreconf -fi) || return 1
    fi
    mkdir -p "$build"
    if [ ! -e "$build/config.status" ] || [ "$source/configure" -nt "$build/config.status" ] ||
        [ "$(cat "$build/configured" 2>/dev/null)" != "$*" ]; then
        (cd "$build" && "$source/configure" "$@") || return 1
        echo "$*" >"$build/configured"
    fi
}
