<html><p>Don't { read this</p>
<?php
declare(strict_types=1);

namespace App\Shop;

use App\Base;

/**
 * A basket.
 */
#[Entity]
final class Basket extends Base
{
    private array $items = [];

    public function add(string $name, int $n = 1): void
    {
        $this->items[$name] = $n; # it's a comment
        $text = <<<EOT
          function notHere() {
          EOT;
        if ($n > 1) {
            echo "a {$name}";
        } else {
            echo 'b }';
        }
    }

    // Counts.
    abstract protected function count(): int;
}

function helper($x) {
    return $x;
}

echo helper(1);
?>
<ul>
  <li>isn't { code</li>
</ul>
<?php foreach ($a as $b): ?>
<?php endforeach;

trait Loud
{
    public function shout() { return "!"; }
}
