import { Field } from './field';
import './slider.css';

export interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step?: number;
  onInput: (value: number) => void;
  /** The value as it is shown and read. */
  format?: (value: number) => string;
  hint?: string;
  disabled?: boolean;
}

export function Slider({
  label,
  value,
  min,
  max,
  step = 1,
  onInput,
  format = String,
  hint,
  disabled = false,
}: SliderProps) {
  return (
    <Field label={label} {...(hint && { hint })}>
      {(control) => (
        <div class="slider">
          <input
            {...control}
            type="range"
            value={value}
            min={min}
            max={max}
            step={step}
            disabled={disabled}
            aria-valuetext={format(value)}
            onInput={(event) => onInput(event.currentTarget.valueAsNumber)}
          />
          <output for={control.id}>{format(value)}</output>
        </div>
      )}
    </Field>
  );
}
