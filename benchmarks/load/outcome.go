package main

import (
	"net/http"
	"slices"
	"time"
)

// An outcome counts the answers to a load.
type outcome struct {
	latencies []time.Duration // of the requests that succeeded
	shed      int             // requests answered with 503
	gaveUp    int             // requests not answered within the patience
	failed    int             // requests that failed in another way
	took      time.Duration
	cpu       time.Duration // processor time of the server meanwhile
}

// count adds the answer to one request.
func (o *outcome) count(latency time.Duration, code int, err error) {
	switch {
	case isTimeout(err):
		o.gaveUp++
	case err != nil:
		o.failed++
	case code == http.StatusServiceUnavailable:
		o.shed++
	case code >= 300:
		o.failed++
	default:
		o.latencies = append(o.latencies, latency)
	}
}

// add adds an outcome of the same time.
func (o *outcome) add(other outcome) {
	o.latencies = append(o.latencies, other.latencies...)
	o.shed += other.shed
	o.gaveUp += other.gaveUp
	o.failed += other.failed
	o.cpu += other.cpu
}

// join adds an outcome of another time.
func (o *outcome) join(other outcome) {
	o.add(other)
	o.took += other.took
}

// perSecond returns how many requests succeeded in a second.
func (o *outcome) perSecond() float64 { return float64(len(o.latencies)) / o.took.Seconds() }

// cpuEach returns the server's processor time for each request that succeeded.
func (o *outcome) cpuEach() time.Duration {
	return o.cpu / time.Duration(max(1, len(o.latencies)))
}

// quantile returns the latency that a fraction q of the answers did not exceed.
func (o *outcome) quantile(q float64) time.Duration {
	if len(o.latencies) == 0 {
		return 0
	}
	slices.Sort(o.latencies)
	return o.latencies[min(len(o.latencies)-1, int(q*float64(len(o.latencies))))]
}
