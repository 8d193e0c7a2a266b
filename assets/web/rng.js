// PCG-XSH-RR 64/32 (O'Neill, 2014), the program's only source of chance: the same seed gives the same numbers
// as `src/rng.rs`.

const MULTIPLIER = 6364136223846793005n;
const MASK = (1n << 64n) - 1n;

/** What a generator is for: equal seeds give independent streams for different purposes. */
export const Stream = { weights: 1, order: 2, subset: 3, curvature: 5, distortion: 8 };

export class Rng {
  /** @param {number} seed @param {number} stream one of {@link Stream} */
  constructor(seed, stream) {
    this.increment = (BigInt(stream) << 1n) | 1n;
    this.state = 0n;
    this.word();
    this.state = (this.state + BigInt(seed)) & MASK;
    this.word();
  }

  /** 32 random bits. */
  word() {
    const old = this.state;
    this.state = (old * MULTIPLIER + this.increment) & MASK;
    const shifted = Number((((old >> 18n) ^ old) >> 27n) & 0xffffffffn);
    const turn = Number(old >> 59n);
    return ((shifted >>> turn) | (shifted << (-turn & 31))) >>> 0;
  }

  /** Uniform in 0 .. bound, without bias (by rejection). */
  below(/** @type {number} */ bound) {
    const threshold = (2 ** 32 - bound) % bound;
    for (;;) {
      const word = this.word();
      if (word >= threshold) return word % bound;
    }
  }

  /** Uniform in -limit .. limit in steps of 2^-23 of the limit, an f32. */
  symmetric(/** @type {number} */ limit) {
    const unit = (this.word() >>> 8) / 2 ** 24;
    return Math.fround(limit * Math.fround(2 * unit - 1));
  }

  /** Shuffles in place: Fisher-Yates, from the last place to the first. */
  shuffle(/** @type {Uint32Array | number[]} */ items) {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [items[last], items[other]] = [items[other], items[last]];
    }
  }
}
