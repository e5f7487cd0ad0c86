// SPDX-License-Identifier: Apache-2.0
// What a check of im-admin doctor says.

/** One finding. A warning can wait, an error keeps the daemon from its work. */
export interface CheckResult {
  readonly status: 'ok' | 'warning' | 'error';
  readonly subject: string;
  readonly message: string;
  /** How to mend it. */
  readonly remedy?: string;
}

export const fine = (subject: string, message: string): CheckResult => ({ status: 'ok', subject, message });

export const warn = (subject: string, message: string, remedy: string): CheckResult => ({
  status: 'warning',
  subject,
  message,
  remedy,
});

export const fail = (subject: string, message: string, remedy: string): CheckResult => ({
  status: 'error',
  subject,
  message,
  remedy,
});
