// Package tap writes the Test Anything Protocol, version 13, to standard output.
//
// It has what the validation programs of opencontainers/runtime-tools call, and nothing else.
package tap

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// T writes to one stream.
type T struct {
	stream *stream
	todo   bool
}

type stream struct {
	mutex sync.Mutex
	out   io.Writer
	count int
}

// New starts a stream at test number 1.
func New() *T {
	return &T{stream: &stream{out: os.Stdout}}
}

// Todo gives a writer to the same stream whose tests are marked as not expected to pass yet.
func (t *T) Todo() *T {
	return &T{stream: t.stream, todo: true}
}

// Header writes the version line, and the plan when the number of tests is known (not 0).
func (t *T) Header(planned int) {
	t.write("TAP version 13\n")
	if planned > 0 {
		t.write(fmt.Sprintf("1..%d\n", planned))
	}
}

// AutoPlan writes the plan of a stream whose tests all were written.
func (t *T) AutoPlan() {
	t.stream.mutex.Lock()
	count := t.stream.count
	t.stream.mutex.Unlock()
	t.write(fmt.Sprintf("1..%d\n", count))
}

// Ok writes the result of one test.
func (t *T) Ok(passed bool, description string) {
	word, directive := "ok", ""
	if !passed {
		word = "not ok"
	}
	if t.todo {
		directive = " # TODO"
	}
	t.result(word, description, directive)
}

// Pass writes one passed test.
func (t *T) Pass(description string) {
	t.Ok(true, description)
}

// Fail writes one failed test.
func (t *T) Fail(description string) {
	t.Ok(false, description)
}

// Skip writes `count` tests that were left out.
func (t *T) Skip(count int, reason string) {
	for ; count > 0; count-- {
		t.result("ok", "", " # SKIP "+line(reason))
	}
}

// Diagnostic writes a remark, which may have several lines.
func (t *T) Diagnostic(message string) {
	t.write("# " + strings.ReplaceAll(strings.TrimRight(message, "\n"), "\n", "\n# ") + "\n")
}

// Diagnosticf writes a formatted remark.
func (t *T) Diagnosticf(format string, values ...interface{}) {
	t.Diagnostic(fmt.Sprintf(format, values...))
}

// YAML writes facts about the last test, as JSON, which is YAML too.
func (t *T) YAML(facts interface{}) error {
	text, err := json.MarshalIndent(facts, "  ", "  ")
	if err != nil {
		return err
	}
	t.write("  ---\n  " + string(text) + "\n  ...\n")
	return nil
}

func (t *T) result(word, description, directive string) {
	t.stream.mutex.Lock()
	t.stream.count++
	number := t.stream.count
	t.stream.mutex.Unlock()
	text := fmt.Sprintf("%s %d", word, number)
	if description != "" {
		text += " - " + line(description)
	}
	t.write(text + directive + "\n")
}

func (t *T) write(text string) {
	_, _ = io.WriteString(t.stream.out, text)
}

// A result is one line, and "#" would start a directive.
func line(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "#", "\\#")
}
