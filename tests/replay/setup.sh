# the gateway that was 10.7.0.2 on v2, with a second leg
ip addr add 10.7.0.2/24 dev v2
ip addr add 10.8.0.1/24 dev w0
sysctl -qw net.ipv4.ip_forward=1
iptables -t nat -A PREROUTING -d 10.7.0.2 -p tcp --dport 80 -j DNAT --to 10.8.0.9:8080
iptables -t nat -A POSTROUTING -o w0 -j MASQUERADE
iptables -A INPUT -p udp -j DROP
iptables -A INPUT -p tcp --dport 21 -j REJECT
