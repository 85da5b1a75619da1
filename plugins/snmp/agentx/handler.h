/* SPDX-License-Identifier: MIT */
/* OWAMP-MIB to Net-SNMP: identifiers and values go over, and nothing is decided here. */
#ifndef OWAMP_SNMP_HANDLER_H
#define OWAMP_SNMP_HANDLER_H

/** Answer for the objects of OWAMP-MIB. 0, or a Net-SNMP registration error. */
int agent_handler_register(void);

#endif
