/** What `public/models/models.json` says of the checkpoints and drawings that come with the page. */
export interface ShippedModels {
  models: ShippedModel[];
  drawings: ShippedDrawings;
}

/** A checkpoint. */
export interface ShippedModel {
  id: 'clip' | 'dalle' | 'sentiment';
  title: string;
  /** Trained values. */
  parameters: number;
  files: ShippedFile[];
  /** What made it, from a checkout of the repository. */
  command: string;
  /** Measured on the shipped float16 weights. */
  figures: Figure[];
  /** Ids of those whose drawings it was trained on, as in `LICENCES.md`. */
  designers: string[];
  licence: string;
}

/** The drawings to try things out on. */
export interface ShippedDrawings {
  files: ShippedFile[];
  command: string;
  designers: string[];
  licence: string;
}

export interface ShippedFile {
  /** From `public/models`. */
  path: string;
  bytes: number;
}

export interface Figure {
  name: string;
  value: number;
  /** `share`: of 1. `r`: Pearson's. */
  unit: 'share' | 'dB' | 'nats' | 'r';
  /** Before the weights became float16. */
  float32?: number;
  /** What knowing nothing gives. */
  chance?: number;
}
