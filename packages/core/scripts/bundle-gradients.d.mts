export declare function bundleGradients(): Promise<void>;
