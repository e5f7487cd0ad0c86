// SPDX-License-Identifier: Apache-2.0
// The store on MySQL, where a server is on the PATH. Distributions with MariaDB have none, so it is left out loudly also under IM_TEST_PEERS=all.
import { mysqlProblem, startMysql } from '../support/databases/mysql-server.js';
import { sharedServer } from '../support/databases/shared-server.js';
import { describeMysqlStore } from './mysql-store-contract.js';

const problem = mysqlProblem();
if (problem === undefined) {
  describeMysqlStore('MySQL', 'mysql', sharedServer('MySQL', mysqlProblem, startMysql));
} else {
  console.warn(`**** NOT RUN: the store on MySQL: ${problem} ****`);
}
