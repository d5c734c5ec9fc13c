import '@crossmodal/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
await tf.setBackend('onnx');
const be = tf.backend() as any;
const N = 32*32*32*64;
const mk = (f:(i:number)=>number) => { const t = be.allocate([N],'float32'); const v = be.floats(t); for (let i=0;i<N;i++) v[i]=f(i); return t; };
const dy = mk(i=>Math.sin(i)), y = mk(i=>Math.max(0,Math.cos(i*1.3)));
const plans: Record<string, any> = {
  signmul: (g:any,[a,b]:string[]) => [g.op('Mul',[a,g.op('Sign',[b])])],
  castmul: (g:any,[a,b]:string[]) => [g.op('Mul',[a,g.op('Cast',[g.op('Greater',[b,g.scalar(0)])],{to:1})])],
  where: (g:any,[a,b]:string[]) => [g.op('Where',[g.op('Greater',[b,g.scalar(0)]),a,g.scalar(0)])],
  relu: (g:any,[a,b]:string[]) => [g.op('Relu',[a])],
};
const time = (f:()=>void) => { for(let i=0;i<5;i++) f(); const t:number[]=[]; for(let i=0;i<40;i++){const s=performance.now(); f(); t.push(performance.now()-s);} t.sort((a,b)=>a-b); return t[0]!.toFixed(2)+' '+t[20]!.toFixed(2); };
for (const [name, build] of Object.entries(plans)) for (const rows of [2**17,2**18,2**19, 2**21]) {
  console.log(name, rows, time(()=>{ const [o] = be.run({key:name, inputs:[{tensor:dy,shape:[N]},{tensor:y,shape:[N]}], outputs:[{dtype:'float32',shape:[N]}], build, chunk:{rows, split:[true,true]}}); be.disposeIntermediateTensorInfo(o); }));
}
const k = tf.getKernel('ReluGrad','onnx')!.kernelFunc as any;
console.log('simd', time(()=>{ const o = k({inputs:{dy,y},attrs:{},backend:be}); be.disposeIntermediateTensorInfo(o); }));
const emb = tf.tensor2d(new Float32Array(512*64).fill(1),[512,64]); const ids = tf.tensor1d(Int32Array.from({length:8192},(_,i)=>(i*37)%512),'int32');
console.log('gather', time(()=>{ tf.gather(emb, ids).dispose(); }));
const eg = tf.getKernel('EmbeddingGrad','onnx')!.kernelFunc as any; const g = tf.ones([8192,64]);
console.log('embgrad', time(()=>{ const o = eg({inputs:{dy:g,ids},attrs:{numEmbeddings:512},backend:be}); be.disposeIntermediateTensorInfo(o); }));
console.log('ones', time(()=>{ tf.ones([32,64,64,3]).dispose(); }));
