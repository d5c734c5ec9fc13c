import { Field } from './field';

export interface TextInputProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  /** At Enter; in a text of several lines at Ctrl+Enter. */
  onSubmit?: () => void;
  placeholder?: string;
  hint?: string;
  error?: string;
  hideLabel?: boolean;
  multiline?: boolean;
  maxLength?: number;
  disabled?: boolean;
}

export function TextInput({
  label,
  value,
  onInput,
  onSubmit,
  placeholder,
  hint,
  error,
  hideLabel = false,
  multiline = false,
  maxLength = 2000,
  disabled = false,
}: TextInputProps) {
  const Tag = multiline ? 'textarea' : 'input';
  return (
    <Field label={label} hideLabel={hideLabel} {...(hint && { hint })} {...(error && { error })}>
      {(control) => (
        <Tag
          {...control}
          class="input"
          value={value}
          placeholder={placeholder}
          maxLength={maxLength}
          disabled={disabled}
          onInput={(event: Event) => onInput((event.currentTarget as HTMLInputElement).value)}
          onKeyDown={(event: KeyboardEvent) => {
            // Enter also ends a word that an input method composes.
            if (event.key !== 'Enter' || event.isComposing || (multiline && !event.ctrlKey)) return;
            event.preventDefault();
            onSubmit?.();
          }}
        />
      )}
    </Field>
  );
}
