#!/bin/sh
# Makes a root file system of Debian packages and all that they need: unpackPackages.sh FOLDER PACKAGE...
# Nothing is installed on this machine, and no script of a package runs. Needs apt's lists, dpkg-deb and tar.
set -eu
root=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/archives/partial"
# As on a system where nothing is installed, so that apt resolves everything.
: >"$work/status"
apt-get -qq -y --no-install-recommends --download-only \
  -o Dir::State::status="$work/status" -o Dir::Cache::archives="$work/archives" -o Debug::NoLocking=true \
  install "$@" >/dev/null
mkdir -p "$root/etc" "$root/tmp" "$root/proc" "$root/sys" "$root/dev"
for name in bin sbin lib lib64; do
  mkdir -p "$root/usr/$name"
  ln -s "usr/$name" "$root/$name"
done
for package in "$work"/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -C "$root" -x --keep-directory-symlink \
    --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale'
done
[ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
printf 'root:x:0:0:root:/root:/bin/sh\nsandbox:x:65532:65532:sandbox:/work:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nsandbox:x:65532:\n' >"$root/etc/group"
chmod 1777 "$root/tmp"
