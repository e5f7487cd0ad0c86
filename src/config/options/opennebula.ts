// SPDX-License-Identifier: Apache-2.0
// Options of the section [OpenNebula] (configuration.md §3).
import { active, text } from '../option.js';

const section = 'OpenNebula';

export const openNebulaOptions = {
  templateContext: text({
    name: 'TEMPLATE_CONTEXT',
    section,
    default: '',
    help: 'Text that is added to CONTEXT of the virtual machine templates.',
  }),
  templateOther: text({
    name: 'TEMPLATE_OTHER',
    section,
    default: 'GRAPHICS = [type="vnc",listen="0.0.0.0"]',
    help: 'Text that is added to the virtual machine templates.',
    shipped: active('GRAPHICS = [type="vnc",listen="0.0.0.0",keymap="es"]'),
  }),
  imageUname: text({
    name: 'IMAGE_UNAME',
    section,
    default: '',
    help: 'Owner of the images that documents give by name.',
    shipped: active('oneadmin'),
  }),
  ttsUrl: text({
    name: 'TTS_URL',
    section,
    unit: 'URL',
    default: 'https://localhost:8443',
    help: 'Token translation service for OpenNebula credentials with a token.',
  }),
};
