package ignore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// typical are rules of projects in Go, JavaScript, Python, Rust, Java, C and C#,
// and of editors and systems, one a word.
const typical = `
*.exe *.exe~ *.dll *.so *.dylib *.test *.out *.prof vendor/ go.work go.work.sum /bin/ /dist/ coverage.txt *.coverprofile
node_modules/ jspm_packages/ bower_components/ web_modules/ *.tsbuildinfo .npm .eslintcache .stylelintcache .node_repl_history *.tgz
.yarn-integrity .env .env.* !.env.example .cache .parcel-cache .next out .nuxt dist .temp .docusaurus .serverless/ .fusebox/ .dynamodb/
.tern-port .vscode-test .yarn/* !.yarn/patches !.yarn/plugins !.yarn/releases .pnp.* npm-debug.log* yarn-debug.log* lerna-debug.log*
logs *.log pids *.pid *.seed *.pid.lock lib-cov coverage *.lcov .nyc_output .grunt .lock-wscript build/Release report.[0-9]*.json
__pycache__/ *.py[cod] *$py.class .Python build/ develop-eggs/ downloads/ eggs/ .eggs/ /lib/ lib64/ parts/ sdist/ var/ wheels/ share/python-wheels/
*.egg-info/ .installed.cfg *.egg MANIFEST *.manifest *.spec pip-log.txt htmlcov/ .tox/ .nox/ .coverage .coverage.* nosetests.xml *.cover .hypothesis/
.pytest_cache/ cover/ *.mo *.pot local_settings.py db.sqlite3 instance/ .scrapy docs/_build/ .pybuilder/ target/ .ipynb_checkpoints profile_default/
celerybeat-schedule *.sage.py .venv env/ venv/ ENV/ .spyderproject .ropeproject /site .mypy_cache/ dmypy.json .pyre/ cython_debug/ .ruff_cache/
**/*.rs.bk *.pdb debug/ Cargo.lock *.class *.jar *.war *.nar *.ear hs_err_pid* .gradle **/build/ !src/**/build/ gradle-app.setting
.mtj.tmp/ pom.xml.tag pom.xml.releaseBackup *.o *.ko *.obj *.elf *.gch *.pch *.lib *.a *.la *.lo *.hex *.dSYM/ *.su *.idb modules.order Module.symvers
[Dd]ebug/ [Rr]elease/ x64/ [Oo]bj/ [Ll]og/ *.user *.suo *.userosscache *.cachefile .vs/ TestResult.xml ~$* *~ *.swp [._]*.s[a-v][a-z] [._]sw[a-p]
.idea/ *.iml .vscode/* !.vscode/settings.json .DS_Store .AppleDouble ._* Thumbs.db desktop.ini $RECYCLE.BIN/ /data/**/*.csv docs/*.html
cmake-build-*/ CMakeCache.txt CMakeFiles/ compile_commands.json *.tfstate *.tfstate.* .terraform/ *.retry .bundle/ /tmp/* *.gem *.rbc /pkg/ .sass-cache/
`

func typicalRules() string {
	return strings.Join(strings.Fields(typical), "\n")
}

var typicalPaths = []string{
	"README.md", "go.mod", "main.go", "internal/engine/pool_test.go", "cmd/server/main.go", "src/components/Button/index.tsx", "src/app.py",
	"docs/images/architecture.svg", "src/main/java/org/example/service/UserService.java", "include/linux/sched.h", "tests/test_models.py",
	".github/workflows/ci.yml", "build/Release/app.exe", "lib/util.o", "Makefile", "web/static/css/main.css", "src/lib.rs", "scripts/release.sh",
}

// BenchmarkMatch matches a path with the rules of large projects.
func BenchmarkMatch(b *testing.B) {
	list := Parse([]byte(typicalRules()))
	require.InDelta(b, 200, list.Len(), 5)
	naive := newScan(list)
	for name, match := range map[string]func(string, bool) *Rule{"index": list.Match, "scan": naive.match} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				match(typicalPaths[i%len(typicalPaths)], false)
			}
		})
	}
}

// A scan tries all rules, the last one first.
type scan []glob

func newScan(list *List) (s scan) {
	for rule := range list.Rules() {
		if p, ok := compile(rule); ok {
			s = append(s, glob{p, rule})
		}
	}
	return s
}

func (s scan) match(path string, isDir bool) *Rule {
	for i := len(s) - 1; i >= 0; i-- {
		if g := &s[i]; (isDir || !g.rule.DirOnly) && g.matches(path) {
			return g.rule
		}
	}
	return nil
}

// TestScanAgrees checks that the benchmark compares like with like.
func TestScanAgrees(t *testing.T) {
	list := Parse([]byte(typicalRules()))
	for _, path := range typicalPaths {
		for _, isDir := range []bool{false, true} {
			require.Same(t, newScan(list).match(path, isDir), list.Match(path, isDir), path)
		}
	}
	require.NotNil(t, list.Match("lib/util.o", false))
}
