// SPDX-License-Identifier: Apache-2.0
// The store on MariaDB.
import { mariaDbProblem, startMariaDb } from '../support/databases/mariadb-server.js';
import { sharedServer } from '../support/databases/shared-server.js';
import { describeMysqlStore } from './mysql-store-contract.js';

describeMysqlStore('MariaDB', 'mariadb', sharedServer('MariaDB', mariaDbProblem, startMariaDb));
