import type { ComponentChildren } from 'preact';
import './button.css';

export interface ButtonProps {
  children: ComponentChildren;
  onClick: () => void;
  /** `primary` for the one thing to do next. */
  kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  disabled?: boolean;
  /** For a button without words. */
  label?: string;
}

export function Button({ children, onClick, kind = 'plain', disabled = false, label }: ButtonProps) {
  return (
    <button
      type="button"
      class={`button button-${kind}`}
      disabled={disabled}
      aria-label={label}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
