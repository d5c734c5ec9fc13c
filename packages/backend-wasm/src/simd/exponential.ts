import { type Code, f32x4 } from './assembler';

const { add, sub, mul, div, min, max, neg, abs, gt, and, nearest, const: constant } = f32x4;
type Name = (value: Code) => Code;

/** e^x within 2e-7 of it, for x in [-87, 88]; what is beyond is taken for the bound. */
export function exp(x: Code, name: Name): Code {
  const bounded = name(max(min(x, constant(88)), constant(-87)));
  const power = name(nearest(mul(bounded, constant(Math.LOG2E))));
  // ln 2 in two parts, the first exact in few bits.
  const rest = name(
    sub(sub(bounded, mul(power, constant(0.693359375))), mul(power, constant(-2.1219444e-4))),
  );
  let sum = constant(1 / 5040);
  for (const factorial of [720, 120, 24, 6, 2, 1, 1]) sum = add(mul(sum, rest), constant(1 / factorial));
  return mul(sum, f32x4.powerOfTwo(power));
}

/** 1 / (1 + e^-x), without overflow. */
export function sigmoid(x: Code, name: Name): Code {
  const e = name(exp(neg(abs(x)), name));
  const small = name(div(e, add(constant(1), e))); // of -|x|
  return add(small, and(gt(x, constant(0)), sub(constant(1), add(small, small))));
}

/**
 * The normal distribution's cumulative probability, given e^(-x^2 / 2); within 1.5e-7. Abramowitz and Stegun 1964,
 * 7.1.26.
 */
export function normalCdf(x: Code, bell: Code, name: Name): Code {
  const t = name(div(constant(1), add(constant(1), mul(abs(x), constant(0.3275911 * Math.SQRT1_2)))));
  let sum = constant(1.061405429);
  for (const factor of [-1.453152027, 1.421413741, -0.284496736, 0.254829592])
    sum = add(mul(sum, t), constant(factor));
  const tail = name(mul(mul(mul(sum, t), bell), constant(0.5))); // of -|x|
  return add(tail, and(gt(x, constant(0)), sub(constant(1), add(tail, tail))));
}
