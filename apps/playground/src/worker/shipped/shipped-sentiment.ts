import { bytesSource, openSafetensors } from '@crossmodal/core';
import { emptyPictureModel, type Recipe } from '@crossmodal/sentiment-app/browser';
import { perEngine } from '../engine';
import { fetchBytes, fetchJson } from './fetch-shipped';

/** The sentiment model that comes with the page. */
export const shippedSentiment = perEngine(async () => {
  const [recipe, weights] = await Promise.all([
    fetchJson<Recipe>('sentiment/config.json'),
    fetchBytes('sentiment/model.safetensors'),
  ]);
  const model = emptyPictureModel(recipe);
  await model.loadTensors(await openSafetensors(bytesSource(weights, 'sentiment/model.safetensors')));
  return model;
});
