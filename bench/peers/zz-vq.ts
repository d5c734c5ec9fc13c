// One process of `bench/vqvae-train.ts`: milliseconds of a training step, peak memory, and losses.
import { AdamW, Rng, valueAndGrad } from '@crossmodal/core';
import { readSafetensorsFile } from '@crossmodal/core/node';
import * as tf from '@tensorflow/tfjs-core';
import '@crossmodal/backend-onnx';
import { measure } from '../lib/measure';
import { VQVAE } from '../models/vqvae';

const [batch = '32', weights] = process.argv.slice(2);
await tf.setBackend('onnx');
const model = new VQVAE();
const shape: [number, number, number, number] = [Number(batch), 64, 64, 3];
let pixels = tf.tensor4d(new Rng(1).normalArray(shape.reduce((a, b) => a * b)), shape);
if (weights) {
  const { pixels: image, ...state } = await (await readSafetensorsFile(weights)).stateDict();
  model.loadStateDict(state);
  pixels.dispose();
  pixels = tf.tensor4d(new Float32Array(image!.bytes.slice().buffer), shape);
}
const optimizer = new AdamW(model, { weightDecay: 0.01 });
const losses: number[] = [];

import { profile } from '@crossmodal/core';
const step = () => {
    const { value, gradients } = valueAndGrad(() => model.loss(pixels), model.trainableParameters());
    optimizer.step(gradients, { learningRate: 3e-4 });
    losses.push(value.dataSync()[0]!);
    tf.dispose([value, ...gradients.values()]);
};
for (let i=0;i<4;i++) step();
await profile(step);
const be = tf.backend() as any;
const orig = be.sessions.run.bind(be.sessions);
const stats = new Map<string, {n:number, ms:number, cpu:number, fl:number}>();
const flops = (ins:any[], outs:any[], key:string) => { if(!/MatMul/.test(key)) return 0; const a=ins[0].dims, o=outs[0].dims; const osz=o.reduce((x:number,y:number)=>x*y,1); const asz=a.reduce((x:number,y:number)=>x*y,1); const rows=o.at(-2); return 2*osz*asz/(rows*(o.length>2?o[0]:1)); };
let on=false;
const keyOf = new Map<any,string>();
const og = be.sessions.get.bind(be.sessions);
be.sessions.get = (k:string,b:any,sp:any)=>{const r=og(k,b,sp); keyOf.set(r,k); return r;};
be.sessions.run = (kernel:any, ins:any[], outs:any[]) => {
  if(!on) return orig(kernel, ins, outs);
  const c0=process.cpuUsage(); const t=performance.now(); orig(kernel,ins,outs); const ms=performance.now()-t; const c=process.cpuUsage(c0);
  const key=keyOf.get(kernel)!; const k=key.slice(0,70)+' '+ins.slice(0,3).map((x:any)=>x.dims.join('x')).join(' ')+' -> '+outs[0].dims.join('x');
  const e=stats.get(k)??{n:0,ms:0,cpu:0,fl:0}; e.n++; e.ms+=ms; e.cpu+=(c.user+c.system)/1000; e.fl+=flops(ins,outs,key); stats.set(k,e);
};
on=true; const N=Number(process.env.N??4);
const t0=performance.now(); for(let i=0;i<N;i++) step(); const tot=(performance.now()-t0)/N; on=false;
let sum=0;
for (const [k,e] of [...stats].sort((a,b)=>b[1].ms-a[1].ms).slice(0,40)) { sum+=e.ms/N; console.log((e.ms/N).toFixed(1).padStart(7), (e.cpu/e.ms).toFixed(2), String(e.n/N).padStart(4), (e.ms/e.n).toFixed(2).padStart(7), e.fl? (e.fl/e.ms/1e6).toFixed(0).padStart(5):'     ', k); }
console.log('total', tot, 'in sessions', [...stats.values()].reduce((a,e)=>a+e.ms,0)/N);
for (let i=0;i<8;i++){ const c=process.cpuUsage(), r=process.resourceUsage(), t=performance.now(); step(); const d=process.cpuUsage(c), r2=process.resourceUsage(); console.log('step', (performance.now()-t).toFixed(0), 'user', (d.user/1e3).toFixed(0), 'sys', (d.system/1e3).toFixed(0), 'minflt', r2.minorPageFault-r.minorPageFault, 'vcs', r2.voluntaryContextSwitches-r.voluntaryContextSwitches,'ivcs', r2.involuntaryContextSwitches-r.involuntaryContextSwitches); }
console.log(tf.memory());
