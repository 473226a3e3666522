export { FileConfigSource, type FileConfigSourceOptions } from './file-config-source.js';
