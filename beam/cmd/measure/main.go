//go:build unix

// Measure compares the CPU time and the memory of jobs by parts with those of fileops
// alone, over small files, each in a process of its own.
//
//	go build -o ingest ./cmd/ingest && go run ./cmd/measure -ingest ./ingest
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/lion-agi/fileops"
	fileopsbeam "github.com/lion-agi/fileops/beam"
)

func main() {
	log.SetFlags(0)
	files := flag.Int("files", 100_000, "make this `number` of small files")
	ingest := flag.String("ingest", "", "measure this `program`, which is cmd/ingest")
	child := flag.String("child", "", "be the measured process of this `kind`")
	flag.Parse()
	var err error
	if *child != "" {
		err = run(*child, flag.Arg(0), flag.Arg(1))
	} else {
		err = measure(*files, *ingest)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// fileBytes is about how large a file is.
const fileBytes = 2000

// makeFiles makes small files, a thousand in a directory.
func makeFiles(dir string, n int) error {
	for i := range n {
		sub := filepath.Join(dir, fmt.Sprintf("d%04d", i/1000))
		if i%1000 == 0 {
			if err := os.Mkdir(sub, 0o777); err != nil {
				return err
			}
		}
		line := fmt.Sprintf("This is line of file %d, and it says little.\n", i)
		text := strings.Repeat(line, 1+(i%80)*fileBytes/40/len(line))
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("f%06d.txt", i)), []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// run is a measured process.
func run(kind, source, output string) error {
	ctx := context.Background()
	switch kind {
	case "chunks":
		n := 0
		for _, err := range fileops.Chunks(ctx, source, nil) {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	case "chunkto":
		file, err := os.Create(output)
		if err != nil {
			return err
		}
		if _, err := fileops.ChunkTo(ctx, file, source, nil); err != nil {
			return err
		}
		return file.Close()
	case "loop":
		return loop(ctx, fileopsbeam.Job{Source: source, Output: output, PartSize: partSize, Options: fileopsbeam.DefaultOptions()})
	}
	return fmt.Errorf("unknown child %q", kind)
}

// partSize makes some ten parts of the default number of files.
const partSize = 32 << 20

// loop does a job without an engine.
func loop(ctx context.Context, job fileopsbeam.Job) error {
	parts, listed, err := fileopsbeam.Plan(fileopsbeam.ListFiles(ctx, job), job.PartSize)
	if err != nil {
		return err
	}
	var results []fileopsbeam.PartResult
	for _, p := range parts {
		r, err := fileopsbeam.WritePart(ctx, job, p)
		if err != nil {
			return err
		}
		results = append(results, r)
	}
	_, err = fileopsbeam.SaveManifest(ctx, job, listed, results)
	return err
}

// measure runs each process and prints its figures.
func measure(files int, ingest string) error {
	dir, err := os.MkdirTemp("", "measure")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	source := filepath.Join(dir, "in")
	if err := os.Mkdir(source, 0o777); err != nil {
		return err
	}
	if err := makeFiles(source, files); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	commands := [][]string{
		{"fileops.Chunks, a loop", self, "-child", "chunks", source, ""},
		{"fileops.ChunkTo, a file", self, "-child", "chunkto", source, filepath.Join(dir, "chunks.jsonl")},
		{"WritePart, a loop", self, "-child", "loop", source, filepath.Join(dir, "loop")},
	}
	if ingest != "" {
		for _, format := range []string{"jsonl", "parquet"} {
			commands = append(commands, []string{
				"Beam on prism, " + format, ingest, "-quiet", "-source", source, "-output", filepath.Join(dir, format),
				"-part-size", fmt.Sprint(partSize), "-format", format,
			})
		}
	}
	for round := range 2 { // the first one fills the system's cache
		for i, c := range commands {
			if err := one(c[0], c[1:], round > 0, i == 0); err != nil {
				return err
			}
		}
		if round == 0 {
			for _, name := range []string{"loop", "jsonl", "parquet"} {
				os.RemoveAll(filepath.Join(dir, name))
			}
		}
	}
	return nil
}

var first time.Duration // the CPU time of the first process

// one runs a process and prints its figures.
func one(name string, command []string, print, isFirst bool) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	wall := time.Since(began)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if isFirst {
		first = cpu
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && print {
		fmt.Printf("%-26s wall %6.2f s  CPU %6.2f s (%.2f×)  memory %4d MiB\n",
			name, wall.Seconds(), cpu.Seconds(), cpu.Seconds()/first.Seconds(), usage.Maxrss>>10)
	}
	return nil
}
