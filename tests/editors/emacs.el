;; Uses the server as a person does in Emacs: the setup of docs/editors.md, then its commands. Prints JSON.
;; Arguments: the file of the setup, the file to open.  -*- lexical-binding: t -*-
(require 'json)
(require 'package)
(require 'xref)

(defun wait-for (what done)
  "Let things happen until DONE gives something, which is the result; WHAT says what is waited for."
  (let ((end (+ (float-time) 20)) found)
    (while (not (setq found (funcall done)))
      (when (> (float-time) end) (error "Waited in vain for %s" what))
      (accept-process-output nil 0.05))
    found))

(defun lines-of (buffer)
  (with-current-buffer buffer (vconcat (split-string (buffer-substring-no-properties (point-min) (point-max)) "\n" t))))

(defun go-to (piece)
  (goto-char (point-min))
  (search-forward piece)
  (goto-char (match-beginning 0)))

(let* ((setup (pop command-line-args-left))
       (file (pop command-line-args-left))
       result)
  (package-initialize)
  (load setup nil t)
  (find-file file)
  ;; The command loop would do this, which there is none of without a terminal.
  (run-hooks 'post-command-hook)
  (let ((buffer (current-buffer)))
    (wait-for "the server" #'eglot-current-server)
    (flymake-start)
    (push (cons 'diagnostics
                (vconcat (mapcar (lambda (one)
                                   `((line . ,(1- (line-number-at-pos (flymake-diagnostic-beg one))))
                                     (message . ,(flymake-diagnostic-text one))))
                                 (wait-for "a diagnostic" #'flymake-diagnostics))))
          result)
    (go-to "sum)")
    (let (shown)
      (run-hook-with-args 'eldoc-documentation-functions (lambda (text &rest _) (when text (push text shown))))
      ;; Diagnostics and signatures are shown by the same means.
      (push (cons 'hover (substring-no-properties
                          (wait-for "a hover"
                                    (lambda () (seq-find (lambda (text) (string-match-p "Routine" text)) shown)))))
            result))
    (call-interactively #'xref-find-definitions)
    (push (cons 'definition (vector (buffer-name) (line-number-at-pos))) result)
    (let ((other (current-buffer)))
      (switch-to-buffer buffer)
      (go-to "sum)")
      (let ((eglot-confirm-server-initiated-edits nil))
        (eglot-rename "total"))
      (push (cons 'renamed (vector (lines-of buffer) (lines-of other))) result))
    (eglot-format-buffer)
    (push (cons 'formatted (lines-of buffer)) result)
    (princ (json-encode result))
    (set-buffer-modified-p nil)))
