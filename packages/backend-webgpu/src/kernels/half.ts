/** Float16's infinity, twice: what the uniform `infinities` of programs in half precision is. */
export const INFINITIES = 0x7c00_7c00;

/** WGSL of `narrow(x)`: what float16 does not hold must not be taken for a number, whatever it is converted to. */
export const narrow = `
fn narrow(x: vec4<f32>) -> vec4<f16> {
  let infinity = vec4<f16>(bitcast<vec2<f16>>(uniforms.infinities).x);
  return select(vec4<f16>(x), select(infinity, -infinity, x < vec4<f32>(0.0)), abs(x) >= vec4<f32>(65520.0));
}`;
