/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/boot.h - booting a simulated host again.
 */
#ifndef LAB_BOOT_H
#define LAB_BOOT_H

struct host;
struct lab;

/* the file that says that a service is started at boot */
#define SERVICE_ENABLED(name) "/etc/systemd/system/multi-user.target.wants/" name ".service"

/** host_reboot() - end the host's processes and bring back what was saved, as soon as the caller waits; 0 or -ENOMEM */
int host_reboot(struct host *h);
void boots_free(struct lab *l);

#endif
