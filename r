*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -j HL --hl-set 5
-A POSTROUTING -j SNPT --src-pfx dead::/64 --dst-pfx 1c3::/64
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 1/4
-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 130
-A INPUT -p ipv6-icmp -m icmp6 ! --icmpv6-type 133
-A INPUT -m hl --hl-lt 5
-A INPUT -m hl ! --hl-eq 5
-A INPUT -m frag --fragid 5 --fragfirst
-A INPUT -m frag --fragmore
-A INPUT -m rt --rt-type 0 --rt-segsleft 1:5 --rt-len 8
-A INPUT -m hbh --hbh-len 8
-A INPUT -m hbh
-A INPUT -m dst ! --dst-len 8
-A INPUT -m ah --ahspi 5 --ahlen 3
-A INPUT -m ah
-A INPUT -m eui64
-A INPUT -m ipv6header --header ipv6-frag
-A INPUT -p mobility-header -m mh --mh-type 1:5
-A INPUT -j REJECT --reject-with icmp6-port-unreachable
-A INPUT -j REJECT --reject-with icmp6-no-route
-A INPUT -j REJECT --reject-with icmp6-adm-prohibited
-A INPUT -j REJECT --reject-with icmp6-policy-fail
-A INPUT -j REJECT --reject-with icmp6-reject-route
-A INPUT -p tcp -j REJECT --reject-with tcp-reset
-A FORWARD -m conntrack --ctorigsrc dead::/16 -m iprange --src-range ::1-::5
-A FORWARD -m tos --tos 0x10/0xff -m length --length 5
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -j DNAT --to-destination [dead::1]:80
-A PREROUTING -p tcp -j DNAT --to-destination dead::1-dead::5
-A POSTROUTING -j NETMAP --to dead::/64
COMMIT
