/** Where this file is. */
export declare const here: string;
