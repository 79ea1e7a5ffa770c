# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The services of the target: configured in the temporary folder, ended with the lab.

# serve web|ssh|ftp|iperf3...: starts them and waits until they listen.
serve() {
    local service
    for service in "$@"; do "serve_$service"; done
}

# target COMMAND...: starts it in the background, in the target's namespace.
target() {
    (cd "$work" && exec ip netns exec "$TARGET_NS" "$@") >>"$work/output.log" 2>&1 &
}

# Asked of the namespace and not by connecting: that would be an honest frame too many.
listens_on() {
    [[ -n $(ip netns exec "$TARGET_NS" ss -Hltn "sport = :$1") ]]
}

serve_web() {
    local page
    mkdir -p "$work/www"
    for page in {1..40}; do
        head -c $((100 + 40 * page)) /dev/zero | tr '\0' "x" >"$work/www/$page.html"
    done
    [[ -e $work/web.key ]] ||
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
            -subj /CN=target.test -keyout "$work/web.key" -out "$work/web.crt" 2>/dev/null
    write_web_configuration >"$work/nginx.conf"
    target nginx -p "$work" -c "$work/nginx.conf" -e "$work/nginx.log"
    wait_until nginx listens_on 443
}

write_web_configuration() {
    cat <<END
daemon off;
user www-data;
worker_processes 1;
pid $work/nginx.pid;
events { worker_connections 512; }
http {
    access_log off;
    types { text/html html; }
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    ssl_certificate $work/web.crt;
    ssl_certificate_key $work/web.key;
    server {
        listen 80;
        listen 443 ssl;
        root $work/www;
    }
}
END
}

# Root logs in with a key made for it. sshd without PAM refuses an account that the shadow file
# locks, so this sshd sees a shadow file of its own (`ip netns exec` gives it its own mounts).
serve_ssh() {
    local key
    for key in host client; do
        [[ -e $work/$key.key ]] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/$key.key"
    done
    printf 'root:*:19000:0:99999:7:::\n' >"$work/shadow"
    install -d -m 755 /run/sshd
    cat >"$work/sshd.conf" <<END
Port 22
HostKey $work/host.key
AuthorizedKeysFile $work/client.key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
END
    cat >"$work/ssh.conf" <<END
IdentityFile $work/client.key
IdentitiesOnly yes
UserKnownHostsFile $work/known_hosts
StrictHostKeyChecking accept-new
END
    target sh -c "mount --bind shadow /etc/shadow && exec /usr/sbin/sshd -D -f $work/sshd.conf"
    wait_until sshd listens_on 22
}

# FTP_PASSIVE_PORTS: how many ports the server hands out for passive transfers, from 50000 on.
FTP_PASSIVE_PORTS=10000

serve_ftp() {
    local file
    mkdir -p "$work/ftp" "$work/empty"
    for file in {1..8}; do
        head -c $((700 * file)) /dev/zero | tr '\0' "y" >"$work/ftp/$file.txt"
    done
    cat >"$work/vsftpd.conf" <<END
listen=YES
listen_ipv6=NO
background=NO
anonymous_enable=YES
no_anon_password=YES
local_enable=NO
anon_root=$work/ftp
secure_chroot_dir=$work/empty
connect_from_port_20=YES
pasv_min_port=50000
pasv_max_port=$((50000 + FTP_PASSIVE_PORTS - 1))
seccomp_sandbox=NO
isolate_network=NO
END
    target vsftpd "$work/vsftpd.conf"
    wait_until vsftpd listens_on 21
}

serve_iperf3() {
    target iperf3 --server
    wait_until iperf3 listens_on 5201
}
