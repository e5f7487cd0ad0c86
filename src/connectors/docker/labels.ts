// SPDX-License-Identifier: Apache-2.0
// The marks by which the engine's objects are known as ours; set in the create calls themselves.

/** Infrastructure id: on containers, services, networks and volumes. */
export const LABEL_INFRASTRUCTURE = 'im.inf';
/** VM number: on containers, services and the volumes of one VM. */
export const LABEL_VM = 'im.vm';
/** Set by the engine on the containers of a service. */
export const SERVICE_LABEL = 'com.docker.swarm.service.id';
/** Launch token: on containers and services. Only what carries it is ever adopted. */
export const LABEL_LAUNCH = 'im.launch';
