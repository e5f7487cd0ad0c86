// SPDX-License-Identifier: Apache-2.0
// Environment of a container from the RADL (`environment.variables`).
import type { System } from '../../radl/index.js';

/**
 * `KEY=VALUE` texts of `environment.variables`: a text `K=V,K2="V,2"` where double quotes protect commas, or a list of `K:V`
 * or `K=V`. Pieces without a name are passed over.
 */
export function environmentVariables(system: System): readonly string[] {
  const text = system.features.getText('environment.variables');
  const pieces = text === undefined ? system.features.getTexts('environment.variables') : splitOutsideQuotes(text);
  return pieces.flatMap((piece) => {
    const end = piece.search(text === undefined ? /[:=]/ : /=/);
    const name = piece.slice(0, Math.max(0, end)).trim();
    return name === ''
      ? []
      : [
          `${name}=${piece
            .slice(end + 1)
            .trim()
            .replaceAll('"', '')}`,
        ];
  });
}

function splitOutsideQuotes(text: string): readonly string[] {
  return text.match(/(?:[^,"]|"[^"]*"?)+/g) ?? [];
}
