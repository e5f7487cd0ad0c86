// SPDX-License-Identifier: Apache-2.0
// Types of the two modules of the `xmlrpc` package that the writer uses; the published types cover only its client and server.

declare module 'xmlrpc/lib/serializer.js' {
  /** The XML of a response with one value. */
  export function serializeMethodResponse(result: unknown): string;
  /** The XML of a fault. */
  export function serializeFault(fault: { readonly faultCode: unknown; readonly faultString: unknown }): string;
}

declare module 'xmlrpc/lib/customtype.js' {
  /** A value that is written as the text `raw` inside an element of the subclass's name. */
  class CustomType {
    constructor(raw: string);
    tagName: string;
  }
  export = CustomType;
}
