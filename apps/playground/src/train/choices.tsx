import { useId } from 'preact/hooks';

export interface ChoicesProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; name: string; hint: string }[];
  onChange: (value: T) => void;
  disabled?: boolean;
}

/** One of a few, with what each is. */
export function Choices<T extends string>({
  label,
  value,
  options,
  onChange,
  disabled = false,
}: ChoicesProps<T>) {
  const name = useId();
  return (
    <fieldset class="choices" disabled={disabled}>
      <legend>{label}</legend>
      {options.map((option) => (
        <label key={option.value} class="choice">
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <strong>{option.name}</strong>
          <span>{option.hint}</span>
        </label>
      ))}
    </fieldset>
  );
}
