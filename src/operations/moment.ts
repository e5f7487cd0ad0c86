// SPDX-License-Identifier: Apache-2.0
// How long ago something was, where neither a set clock nor a sleeping machine may make it look younger.

/** A time by the wall clock and by the clock that nobody sets, milliseconds. */
export interface Moment {
  readonly wall: number;
  readonly steady: number;
}

/** Now. */
export const present = (): Moment => ({ wall: Date.now(), steady: performance.now() });

/** Milliseconds since a moment, by the clock that says more. */
export function ageOf(moment: Moment): number {
  const { wall, steady } = present();
  return Math.max(wall - moment.wall, steady - moment.steady);
}
