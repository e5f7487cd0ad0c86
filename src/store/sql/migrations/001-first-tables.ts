// SPDX-License-Identifier: Apache-2.0
// The first tables: rows per thing, documents apart from the columns that are read and written often.
import type { Knex } from 'knex';
import type { Migration } from './migration.js';

// MySQL's plain `text` ends at 64 KiB.
const longText = (table: Knex.CreateTableBuilder, name: string) => table.text(name, 'longtext');

// Wide enough for ids that come with imported infrastructures (persistence.md §2).
const infrastructureId = (table: Knex.CreateTableBuilder) => table.string('infrastructure_id', 255).notNullable();

const belongsToInfrastructure = (table: Knex.CreateTableBuilder) =>
  table.foreign('infrastructure_id').references('id').inTable('infrastructures').onDelete('CASCADE');

/** Version 1. */
export const firstTables: Migration = {
  version: 1,
  title: 'first tables',
  tables: [
    'store_settings',
    'infrastructures',
    'infrastructure_documents',
    'owners',
    'vms',
    'vm_documents',
    'operations',
    'resources',
    'revisions',
    'log_chunks',
    'leases',
  ],
  async up(session) {
    await session.createTable('store_settings', (table) => {
      table.string('name', 64).primary();
      longText(table, 'content').notNullable();
    });
    await session.createTable('infrastructures', (table) => {
      table.bigIncrements('sequence');
      table.string('id', 255).notNullable().unique();
      table.bigInteger('version').notNullable();
      table.bigInteger('created_at').notNullable();
      table.bigInteger('updated_at').notNullable();
      table.smallint('configured');
      table.integer('master_vm');
      table.smallint('is_destroying').notNullable();
      table.smallint('is_deleted').notNullable();
      table.integer('next_vm_number').notNullable();
      longText(table, 'owners').notNullable();
      longText(table, 'template_name').notNullable();
      table.index(['is_deleted', 'created_at', 'sequence']);
    });
    await session.createTable('infrastructure_documents', (table) => {
      infrastructureId(table).primary();
      longText(table, 'radl');
      longText(table, 'private_networks').notNullable();
      longText(table, 'snapshots').notNullable();
      longText(table, 'extra').notNullable();
      belongsToInfrastructure(table);
    });
    await session.createTable('owners', (table) => {
      infrastructureId(table);
      table.integer('position').notNullable();
      table.string('identity_hash', 64).notNullable();
      longText(table, 'user_name').notNullable();
      table.primary(['infrastructure_id', 'position']);
      table.index(['identity_hash', 'infrastructure_id']);
      belongsToInfrastructure(table);
    });
    await session.createTable('vms', (table) => {
      infrastructureId(table);
      table.integer('vm_number').notNullable();
      longText(table, 'provider_id');
      table.string('cloud_type', 64).notNullable();
      longText(table, 'cloud_server').notNullable();
      longText(table, 'cloud').notNullable();
      table.string('cloud_state', 16).notNullable();
      table.smallint('configured');
      table.smallint('is_deleting').notNullable();
      table.smallint('is_creating').notNullable();
      table.smallint('is_destroyed').notNullable();
      table.bigInteger('last_update').notNullable();
      table.smallint('is_update_failing').notNullable();
      longText(table, 'system_name').notNullable();
      longText(table, 'error_message').notNullable();
      table.bigInteger('created_at').notNullable();
      table.string('operation_id', 255).notNullable();
      table.double('cpu_count');
      table.bigInteger('memory_bytes');
      table.primary(['infrastructure_id', 'vm_number']);
      table.index(['is_destroyed', 'cloud_type', 'cloud_state', 'infrastructure_id'], 'vms_counts');
      belongsToInfrastructure(table);
    });
    await session.createTable('vm_documents', (table) => {
      infrastructureId(table);
      table.integer('vm_number').notNullable();
      longText(table, 'info');
      longText(table, 'requested');
      longText(table, 'extra');
      table.primary(['infrastructure_id', 'vm_number']);
      belongsToInfrastructure(table);
    });
    await session.createTable('operations', (table) => {
      table.bigIncrements('sequence');
      table.string('id', 255).notNullable().unique();
      infrastructureId(table);
      table.string('kind', 32).notNullable();
      table.string('state', 16).notNullable();
      longText(table, 'caller').notNullable();
      table.bigInteger('created_at').notNullable();
      table.bigInteger('started_at');
      table.bigInteger('finished_at');
      longText(table, 'error_code');
      longText(table, 'error_message');
      longText(table, 'request');
      longText(table, 'credentials');
      longText(table, 'progress');
      longText(table, 'result');
      table.index(['infrastructure_id', 'sequence']);
      table.index(['state', 'sequence']);
      belongsToInfrastructure(table);
    });
    await session.createTable('resources', (table) => {
      table.bigIncrements('sequence');
      table.string('id', 255).notNullable().unique();
      infrastructureId(table);
      table.string('operation_id', 255).notNullable();
      table.string('kind', 32).notNullable();
      table.string('state', 16).notNullable();
      table.integer('vm_number');
      longText(table, 'token').notNullable();
      longText(table, 'provider_id');
      table.bigInteger('created_at').notNullable();
      longText(table, 'cloud').notNullable();
      longText(table, 'data').notNullable();
      table.index(['infrastructure_id', 'sequence']);
      table.index(['state', 'infrastructure_id']);
      belongsToInfrastructure(table);
    });
    await session.createTable('revisions', (table) => {
      infrastructureId(table);
      table.integer('revision_number').notNullable();
      table.string('kind', 16).notNullable();
      table.string('operation_id', 255).notNullable();
      table.bigInteger('created_at').notNullable();
      longText(table, 'content');
      table.primary(['infrastructure_id', 'revision_number']);
      belongsToInfrastructure(table);
    });
    await session.createTable('log_chunks', (table) => {
      infrastructureId(table);
      table.integer('vm_number').notNullable();
      table.bigInteger('first_character').notNullable();
      table.integer('character_count').notNullable();
      longText(table, 'content').notNullable();
      table.primary(['infrastructure_id', 'vm_number', 'first_character']);
      belongsToInfrastructure(table);
    });
    await session.createTable('leases', (table) => {
      // No foreign key: an infrastructure can be leased before its row exists, and fencing numbers outlive it.
      infrastructureId(table).primary();
      table.string('holder', 255).notNullable();
      table.bigInteger('fencing').notNullable();
      table.bigInteger('expires_at').notNullable();
    });
  },
};
