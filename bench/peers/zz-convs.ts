import '@crossmodal/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
await tf.setBackend('onnx');
const cases: [string,number,number,number,number,number][] = [['3-64 s2 k4 64',3,64,4,2,64],['64-128 s2 k4 32',64,128,4,2,32],['128-128 k3 16',128,128,3,1,16],['128-32 k3 16',128,32,3,1,16],['32-128 k1 16',32,128,1,1,16],['64-128 k3 16',64,128,3,1,16]];
const best = (f:()=>void, n=15) => { for(let i=0;i<3;i++) f(); let m=1e9; for(let i=0;i<n;i++){const s=performance.now(); f(); m=Math.min(m,performance.now()-s);} return m; };
for (const [name,ci,co,k,s,h] of cases) {
  const pad = k>1?1:0;
  const x = tf.randomNormal([32,h,h,ci]) as tf.Tensor4D, w = tf.randomNormal([k,k,ci,co]) as tf.Tensor4D;
  const y = tf.conv2d(x,w,s,pad); const dy = tf.randomNormal(y.shape) as tf.Tensor4D;
  const gf = 2*y.size*ci*k*k/1e9;
  const attrs = {strides:[s,s],pad,dataFormat:'NHWC',dimRoundingMode:undefined} as any;
  const f = best(()=>tf.conv2d(x,w,s,pad).dispose());
  const dx = best(()=>tf.engine().runKernel('Conv2DBackpropInput',{dy,filter:w} as any,{...attrs,inputShape:x.shape}).dispose());
  const dw = best(()=>(tf.engine().runKernel('Conv2DBackpropFilter',{x,dy} as any,{...attrs,filterShape:w.shape}) as any).dispose());
  console.log(name.padEnd(20), gf.toFixed(2)+'GF', ' fwd', f.toFixed(2), (gf/f*1e3).toFixed(0), ' dx', dx.toFixed(2), (gf/dx*1e3).toFixed(0), ' dw', dw.toFixed(2), (gf/dw*1e3).toFixed(0));
}
