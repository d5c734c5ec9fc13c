import type { Dataset } from './dataset';

/** The samples of several data sets, one set after the other. */
export function concatDatasets<T>(datasets: readonly Dataset<T>[]): Dataset<T> {
  return {
    length: datasets.reduce((length, dataset) => length + dataset.length, 0),
    get(index, context) {
      let offset = 0;
      for (const dataset of datasets) {
        if (index < offset + dataset.length) return dataset.get(index - offset, context);
        offset += dataset.length;
      }
      throw new RangeError(`concatDatasets: index ${index} is beyond the last, ${offset - 1}.`);
    },
  };
}
