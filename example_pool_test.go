package fileops_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"expvar"
	"fmt"
	"io"
	"log"
	"strings"
	"time"

	"github.com/lion-agi/fileops"
)

// Submit runs a function on a slot of a pool. The calls that the function makes
// with its context use this slot.
func ExampleSubmit() {
	ctx := context.Background()
	pool := fileops.NewPool(fileops.PoolOptions{Workers: 1})
	first := fileops.Submit(ctx, pool, func(ctx context.Context) (string, error) {
		text, err := pool.ReadFile(ctx, "go.mod") // uses the slot of this function
		return strings.SplitN(text, "\n", 2)[0], err
	})
	fmt.Println(first.Await(ctx))
	// Output: module github.com/lion-agi/fileops <nil>
}

// A panic in a function that the package calls becomes an error.
func ExamplePanicError() {
	ctx := context.Background()
	_, err := fileops.Submit(ctx, nil, func(context.Context) (int, error) { panic("oh no") }).Await(ctx)
	var panicked *fileops.PanicError
	fmt.Println(errors.As(err, &panicked), err)
	// Output: true panic: oh no
}

// The end of a context ends one wait and not the work.
func ExampleFuture_Await() {
	ctx, cancel := context.WithCancel(context.Background())
	release := make(chan struct{})
	answer := fileops.Submit(context.Background(), nil, func(context.Context) (int, error) {
		<-release
		return 42, nil
	})

	cancel()
	_, err := answer.Await(ctx)
	fmt.Println(err)
	close(release)
	fmt.Println(answer.Await(context.Background()))
	// Output:
	// context canceled
	// 42 <nil>
}

// A select statement can wait for a future and something else.
func ExampleFuture_Done() {
	size := fileops.AsyncFileSize(context.Background(), "LICENSE")
	select {
	case <-size.Done():
		fmt.Println(size.Result())
	case <-time.After(time.Minute):
		fmt.Println("the file system does not answer")
	}
	// Output: 11358 <nil>
}

func ExampleFuture_Result() {
	size := fileops.AsyncFileSize(context.Background(), "LICENSE")
	fmt.Println(size.Result()) // waits without a context
	// Output: 11358 <nil>
}

func ExampleFuture_Chan() {
	size := fileops.AsyncFileSize(context.Background(), "LICENSE")
	for r := range size.Chan() {
		fmt.Println(r.Value, r.Err)
	}
	// Output: 11358 <nil>
}

func ExampleAll() {
	ctx := context.Background()
	texts, err := fileops.All(ctx, fileops.AsyncReadFile(ctx, "go.mod"), fileops.AsyncReadFile(ctx, "go.sum"))
	fmt.Println(len(texts), err)

	_, err = fileops.All(ctx, fileops.AsyncReadFile(ctx, "go.mod"), fileops.AsyncReadFile(ctx, "none"))
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// read none: no such file or directory
}

func ExampleAllSettled() {
	ctx := context.Background()
	for _, r := range fileops.AllSettled(ctx, fileops.AsyncFileSize(ctx, "none"), fileops.AsyncFileSize(ctx, "LICENSE")) {
		fmt.Println(r.Value, r.Err)
	}
	// Output:
	// 0 size none: no such file or directory
	// 11358 <nil>
}

func ExampleAny() {
	ctx := context.Background()
	size, err := fileops.Any(ctx, fileops.AsyncFileSize(ctx, "COPYING"), fileops.AsyncFileSize(ctx, "LICENSE"))
	fmt.Println(size, err)
	// Output: 11358 <nil>
}

func ExampleAsCompleted() {
	ctx := context.Background()
	names := []string{"go.mod", "none", "go.sum"}
	var reads []*fileops.Future[string]
	for _, name := range names {
		reads = append(reads, fileops.AsyncReadFile(ctx, name))
	}
	for i, r := range fileops.AsCompleted(ctx, reads...) {
		fmt.Println(names[i], r.Err == nil)
	}
	// Unordered output:
	// go.mod true
	// go.sum true
	// none false
}

// A pool bounds the work of one part of a program.
func ExampleNewPool() {
	pool := fileops.NewPool(fileops.PoolOptions{
		Workers:     4,                // operations in flight
		MaxPending:  100,              // operations that wait
		MaxFileSize: 1 << 10,          // bytes of a file in memory
		Timeout:     30 * time.Second, // of each operation
	})
	_, err := pool.ReadFile(context.Background(), "LICENSE")
	fmt.Println(errors.Is(err, fileops.ErrTooLarge))
	// Output: true
}

func ExamplePool_Close() {
	pool := fileops.NewPool(fileops.PoolOptions{})
	text := pool.AsyncReadFile(context.Background(), "go.mod")

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := pool.Close(ctx) // waits for the read
	var stuck *fileops.StuckError
	if errors.As(err, &stuck) {
		log.Fatal(stuck.Running)
	}
	_, err = text.Result()
	fmt.Println(err)
	_, err = pool.ReadFile(ctx, "go.mod")
	fmt.Println(err)
	// Output:
	// <nil>
	// read go.mod: pool is closed
}

func ExamplePool_Running() {
	pool := fileops.NewPool(fileops.PoolOptions{})
	started, release := make(chan struct{}), make(chan struct{})
	future := fileops.Submit(context.Background(), pool, func(context.Context) (int, error) {
		close(started)
		<-release // a slow call
		return 0, nil
	})
	<-started
	for _, r := range pool.Running() {
		fmt.Println(r.Op, r.Abandoned)
	}
	close(release)
	future.Result()
	fmt.Println(len(pool.Running()))
	// Output:
	// submit false
	// 0
}

// The error of Close names the calls that have not returned.
func ExampleStuckError() {
	pool := fileops.NewPool(fileops.PoolOptions{})
	release := make(chan struct{})
	begun := make(chan struct{})
	fileops.Submit(context.Background(), pool, func(context.Context) (int, error) {
		close(begun)
		<-release
		return 0, nil
	})
	<-begun

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stuck *fileops.StuckError
	if errors.As(pool.Close(ctx), &stuck) {
		fmt.Println(len(stuck.Running), stuck.Running[0].Op, stuck.Err)
	}
	close(release)
	fmt.Println(pool.Close(context.Background()))
	// Output:
	// 1 submit context canceled
	// <nil>
}

// The package expvar shows the Stats of a pool at /debug/vars.
func ExamplePool_Stats() {
	pool := fileops.NewPool(fileops.PoolOptions{Workers: 4})
	stats := expvar.Func(func() any { return pool.Stats() })
	if expvar.Get("fileops") == nil { // Publish panics if the name is in use
		expvar.Publish("fileops", stats)
	}

	pool.ReadFile(context.Background(), "LICENSE")
	pool.ReadFile(context.Background(), "none")
	s := stats.Value().(fileops.Stats)
	fmt.Println(s.Workers, s.Running, s.Done, s.Failed, s.BytesRead)
	// Output: 4 0 2 1 11358
}

// A pool reads a zip, an embed.FS or any other fs.FS.
func ExamplePoolOptions_zip() {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"guide/start.md", "guide/end.md"} {
		f, _ := w.Create(name)
		io.WriteString(f, "# "+name)
	}
	w.Close()

	files, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		log.Fatal(err)
	}
	pool := fileops.NewPool(fileops.PoolOptions{FS: files})
	for chunk, err := range pool.Chunks(context.Background(), "guide", nil) {
		fmt.Println(chunk.FilePath, chunk.Text, err)
	}
	_, err = pool.SaveToFile(context.Background(), "text", "guide", "new.md", nil)
	fmt.Println(errors.Is(err, errors.ErrUnsupported))
	// Output:
	// guide/end.md # guide/end.md <nil>
	// guide/start.md # guide/start.md <nil>
	// true
}
