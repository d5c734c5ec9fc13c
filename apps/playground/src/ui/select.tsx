import { Field } from './field';

export interface SelectProps<T extends string> {
  label: string;
  value: T;
  /** Values with their names. */
  options: readonly (readonly [value: T, name: string])[];
  onChange: (value: T) => void;
  /** Shown below. */
  hint?: string;
  hideLabel?: boolean;
  disabled?: boolean;
}

export function Select<T extends string>({
  label,
  value,
  options,
  onChange,
  hint = '',
  hideLabel = false,
  disabled = false,
}: SelectProps<T>) {
  return (
    <Field label={label} hint={hint} hideLabel={hideLabel}>
      {(control) => (
        <select
          {...control}
          class="select"
          value={value}
          disabled={disabled}
          onChange={(event) => onChange(event.currentTarget.value as T)}
        >
          {options.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
