/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/topology.h - ready topologies for interactive labs, written as labs.
 */
#ifndef LAB_TOPOLOGY_H
#define LAB_TOPOLOGY_H

/** topology_text() - the lab that makes it; NULL: no such */
const char *topology_text(const char *name);

#endif
