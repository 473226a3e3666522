/**
 * Names of classes, told apart where several classes of one application have the same: the second is `Rates#2`. Class
 * and method name the policies of a decorator's own, which must not be shared by chance.
 */
export class ClassNames {
  readonly #names = new WeakMap<object, string>();
  readonly #used = new Map<string, number>();

  of(owner: object, name: string): string {
    const known = this.#names.get(owner);
    if (known !== undefined) return known;
    const count = (this.#used.get(name) ?? 0) + 1;
    this.#used.set(name, count);
    const unique = count === 1 ? name : `${name}#${count}`;
    this.#names.set(owner, unique);
    return unique;
  }
}
