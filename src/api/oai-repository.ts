// SPDX-License-Identifier: Apache-2.0
// The contract between the OAI-PMH repository and the API that serves it.

/** A repository of template metadata that harvesters ask with the OAI-PMH 2.0 protocol (rest-api.md §12). */
export interface OaiRepository {
  /**
   * Answers one request.
   * @param parameters arguments of the query string, followed by those of the form
   * @param url where clients reach the repository, without arguments
   * @returns the XML of the answer; protocol errors are answers too
   * @throws ImError `provider` when the templates cannot be listed
   */
  answer(parameters: URLSearchParams, url: string): Promise<string>;
}
