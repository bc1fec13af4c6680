# frozen_string_literal: true
require 'json'

module Shop
  # A basket.
  class Basket < Base
    attr_reader :items

    def initialize(items)
      @items = items
    end

    def self.empty
      text = <<~EOS
        def not_here
      EOS
      new([
        1,
      ])
    end

    private

    def total?
      items
        .map { |x| x.price }
        .sum
    end
  end
end

def helper(x)
  if x
    'it''s'
  else
    x << 1
  end
end

puts helper(1)
