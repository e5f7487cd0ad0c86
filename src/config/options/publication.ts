// SPDX-License-Identifier: Apache-2.0
// Options of how the service names its work to others: tags of virtual machines and the OAI-PMH repository
// (configuration.md §2.7).
import { active, example, text } from '../option.js';

export const publicationOptions = {
  vmTagUsername: text({
    name: 'VM_TAG_USERNAME',
    default: '',
    help: 'Name of the tag of each virtual machine that holds its user. Empty: no such tag.',
    shipped: active('IM_USER'),
  }),
  vmTagInfId: text({
    name: 'VM_TAG_INF_ID',
    default: '',
    help: 'Name of the tag that holds the id of the infrastructure. Empty: no such tag.',
    shipped: active('IM_INFRA_ID'),
  }),
  vmTagImUrl: text({
    name: 'VM_TAG_IM_URL',
    default: '',
    help: 'Name of the tag that holds the URL of this service. Empty: no such tag.',
    shipped: example('IM_URL'),
  }),
  vmTagIm: text({
    name: 'VM_TAG_IM',
    default: '',
    help: 'Name of the tag with the constant value es.upv.grycap.im. Empty: no such tag.',
    shipped: example('IM_TYPE'),
  }),
  oaipmhRepoBaseIdentifierUrl: text({
    name: 'OAIPMH_REPO_BASE_IDENTIFIER_URL',
    unit: 'URL',
    default: '',
    help:
      'Base URL of the templates that the OAI-PMH repository publishes. Repository name and description are needed too; ' +
      'without all three there is no repository.',
    shipped: example('https://github.com/grycap/tosca/blob/main/templates/'),
  }),
  oaipmhRepoName: text({
    name: 'OAIPMH_REPO_NAME',
    default: '',
    help: 'Name of the OAI-PMH repository.',
    shipped: example('IM templates'),
  }),
  oaipmhRepoDescription: text({
    name: 'OAIPMH_REPO_DESCRIPTION',
    default: '',
    help: 'Description of the OAI-PMH repository.',
    shipped: example('TOSCA templates of this Infrastructure Manager'),
  }),
  oaipmhRepoAdminEmail: text({
    name: 'OAIPMH_REPO_ADMIN_EMAIL',
    default: '',
    help: 'Mail address of the administrator of the OAI-PMH repository.',
    shipped: example('admin@example.org'),
  }),
};
