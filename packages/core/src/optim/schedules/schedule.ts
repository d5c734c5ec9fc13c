/**
 * The learning rate of a step, counted from 0: a pure function, so a resumed run needs only its step. Asked for
 * steps beyond its end, a schedule stays at its last value.
 */
export type Schedule = (step: number) => number;
