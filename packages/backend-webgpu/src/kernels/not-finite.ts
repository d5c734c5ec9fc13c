/** WGSL: what a shader may do with values that are not finite is left open, so they are told, and made, by their bits. */
export const notFinite = `
const INFINITE = 0x7f800000u;
const NAN = 0x7fc00000u;
fn magnitude(x: f32) -> u32 { return bitcast<u32>(x) & 0x7fffffffu; }
fn fromBits(bits: u32) -> f32 { return bitcast<f32>(bits); }`;
